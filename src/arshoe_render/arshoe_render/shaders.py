"""GLSL of the renderer: glTF metallic-roughness shading with GGX, ambient SH light, one light with a shadow map.

A material's textures come packed (see `gpu_mesh`), and what a material lacks is left out of its shader: on software GL
the time goes into texture fetches and shading, pixel by pixel.
"""

VERTEX = """
#version 330
%(defines)s
uniform mat4 camera_model;
uniform mat3 normal_model;
uniform mat4 clip_camera;
in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;
// Two varyings of four numbers cost less per triangle than four smaller ones.
out vec4 position_u;
out vec4 normal_v;
#ifdef VERTEX_COLOR
in vec4 in_color;
out vec4 color;
#endif
#ifdef SURFACE_TEXTURE
in vec4 in_tangent;
uniform float handedness;
out vec4 tangent;
#endif
#ifdef DISTORTION
uniform float k[5];
uniform float largest_r2;

// plumb_bob. Beyond the radius where the model folds back, the scale stays what it is there.
vec2 distorted(vec2 p) {
    float r2 = dot(p, p);
    float s2 = min(r2, largest_r2);
    p *= 1.0 + s2 * (k[0] + s2 * (k[1] + s2 * k[4]));
    vec2 q = p * sqrt(s2 / max(r2, 1e-12));
    return p + vec2(2.0 * k[2] * q.x * q.y + k[3] * (s2 + 2.0 * q.x * q.x),
                    k[2] * (s2 + 2.0 * q.y * q.y) + 2.0 * k[3] * q.x * q.y);
}
#endif

void main() {
    vec4 p = camera_model * vec4(in_position, 1.0);
    position_u = vec4(p.xyz, in_uv.x);
    normal_v = vec4(normal_model * in_normal, in_uv.y);
#ifdef VERTEX_COLOR
    color = in_color;
#endif
#ifdef SURFACE_TEXTURE
    tangent = vec4(mat3(camera_model) * in_tangent.xyz, in_tangent.w * handedness);
#endif
#ifdef DISTORTION
    if (p.z > 0.0) p.xy = p.z * distorted(p.xy / p.z);
#endif
    gl_Position = clip_camera * p;
}
"""

FRAGMENT = """
#version 330
%(defines)s
uniform vec4 base_color;
uniform float metallic;
uniform float roughness;
uniform float label;
uniform vec4 far_plane;  // camera frame; far_label where it is positive
uniform float far_label;
#ifdef SH_SQUARES
uniform vec3 sh[9];
#else
uniform vec3 sh[4];
#endif
uniform vec3 light_direction;
uniform vec3 light_color;
#ifdef BASE_TEXTURE
uniform sampler2D base_texture;
#endif
#ifdef SURFACE_TEXTURE
uniform sampler2D surface_texture;
uniform vec4 surface_scale;  // normal x and y, offset and factor of the occlusion
in vec4 tangent;
#endif
#ifdef EMISSIVE
uniform vec3 emissive;
#endif
#ifdef GLOW_TEXTURE
uniform sampler2D glow_texture;
#endif
#ifdef ALPHA_MASK
uniform float alpha_cutoff;
#endif
#ifdef SHADOW
uniform sampler2DShadow shadow_map;
uniform mat4 shadow_camera;
uniform float shadow_texel;
#endif
#ifdef VERTEX_COLOR
in vec4 color;
#endif
in vec4 position_u;
in vec4 normal_v;
out vec4 color_label;

vec3 ambient(vec3 n) {
    vec3 sum = sh[0] + sh[1] * n.y + sh[2] * n.z + sh[3] * n.x;
#ifdef SH_SQUARES
    sum += sh[4] * (n.x * n.y) + sh[5] * (n.y * n.z) + sh[7] * (n.x * n.z)
        + sh[6] * (3.0 * n.z * n.z - 1.0) + sh[8] * (n.x * n.x - n.y * n.y);
#endif
    return max(vec3(0.0), sum);
}

#ifdef SHADOW
float lit(vec3 n) {
    vec3 p = (shadow_camera * vec4(position_u.xyz + n * 0.0015, 1.0)).xyz;
    float sum = 0.0;
    for (int i = 0; i < 4; ++i) {
        vec2 offset = vec2(float(i & 1) - 0.5, float(i >> 1) - 0.5) * 2.0 * shadow_texel;
        sum += texture(shadow_map, vec3(p.xy + offset, min(p.z, 1.0)));
    }
    return 0.25 * sum;
}
#endif

void main() {
    vec2 uv = vec2(position_u.w, normal_v.w);
    vec4 base = base_color;
#ifdef VERTEX_COLOR
    base *= color;
#endif
    float m = metallic;
#ifdef BASE_TEXTURE
    vec4 texel = texture(base_texture, uv);
    base.rgb *= texel.rgb * texel.rgb;
#ifdef METALLIC_IN_ALPHA
    m *= texel.a;
#else
    base.a *= texel.a;
#endif
#endif
#ifdef ALPHA_MASK
    if (base.a < alpha_cutoff) discard;
#endif
    vec3 v = -normalize(position_u.xyz);
    vec3 n = normalize(normal_v.xyz);
    // A back face (double-sided, or only seen so because normals are interpolated) is lit from its own side.
    float facing = dot(n, v);
    if (facing < 0.0) n -= 2.0 * facing * v;
    float r = roughness, occlusion = 1.0;
#ifdef SURFACE_TEXTURE
    vec4 surface = texture(surface_texture, uv);
    vec2 xy = (surface.xy * (255.0 / 127.0) - 128.0 / 127.0) * surface_scale.xy;  // 128 is 0
    vec3 t = tangent.xyz - n * dot(n, tangent.xyz);
    vec3 b = cross(n, t) * tangent.w;
    n = normalize((t * xy.x + b * xy.y) * inversesqrt(max(dot(t, t), 1e-12)) + n * sqrt(max(1.0 - dot(xy, xy), 0.01)));
    r *= surface.z;
    occlusion = surface_scale.z + surface_scale.w * surface.w;
#endif
#ifdef GLOW_TEXTURE
    vec4 glow = texture(glow_texture, uv);
    m *= glow.a;
#endif
    r = clamp(r, 0.08, 1.0);
    vec3 f0 = mix(vec3(0.04), base.rgb, m);
    vec3 diffuse = base.rgb * (1.0 - m);
    float nv = max(dot(n, v), 1e-3);

    // Ambient specular: the split-sum approximation, its table fitted by Karis (2014), with what bounces between
    // microfacets given back (Fdez-Aguera, 2019).
    vec4 k = r * vec4(-1.0, -0.0275, -0.572, 0.022) + vec4(1.0, 0.0425, 1.04, -0.04);
    float a004 = min(k.x * k.x, exp2(-9.28 * nv)) * k.x + k.y;
    vec2 ab = vec2(-1.04, 1.04) * a004 + k.zw;
    vec3 specular = (f0 * ab.x + ab.y) * (1.0 + f0 * (1.0 / (ab.x + ab.y) - 1.0));
    vec3 radiance = (diffuse * ambient(n) + specular * ambient(2.0 * nv * n - v)) * occlusion;

    vec3 h = normalize(light_direction + v);
    float nl = max(dot(n, light_direction), 0.0);
    float nh = max(dot(n, h), 0.0);
    float a = r * r, a2 = a * a;
    float d = nh * nh * (a2 - 1.0) + 1.0;
    // Distribution of GGX times its visibility as Hammon (2017) approximates it.
    float ggx = min(0.5 * a2 / (d * d * mix(2.0 * nl * nv, nl + nv, a) + 1e-6), 16.0);
    float c = 1.0 - max(dot(v, h), 0.0);
    vec3 f = f0 + (1.0 - f0) * (c * c * c * c * c);
    vec3 direct = light_color * nl * (diffuse * (1.0 - f) + f * ggx);
#ifdef SHADOW
    direct *= lit(n);
#endif
    radiance += direct;
#ifdef EMISSIVE
    vec3 sent = emissive;
#ifdef GLOW_TEXTURE
    sent *= glow.rgb * glow.rgb;
#endif
    radiance += sent;
#endif
    // sRGB by square roots, within 0.003 of the curve.
    radiance = clamp(radiance, 0.0, 1.0);
    vec3 s1 = sqrt(radiance), s2 = sqrt(s1), s3 = sqrt(s2);
    vec3 srgb = 0.662002687 * s1 + 0.684122060 * s2 - 0.323583601 * s3 - 0.0225411470 * radiance;
    // Green is never 0 on a surface, so that 0 tells where nothing was drawn.
    bool far = dot(far_plane, vec4(position_u.xyz, 1.0)) > 0.0;
    color_label = vec4(max(srgb, vec3(0.0, 0.004, 0.0)), far ? far_label : label);
}
"""

LABEL_FRAGMENT = """
#version 330
uniform float label;
out vec4 color_label;
void main() { color_label = vec4(0.0, 0.0, 0.0, label); }
"""

SHADOW_VERTEX = """
#version 330
uniform mat4 clip_model;
in vec3 in_position;
void main() { gl_Position = clip_model * vec4(in_position, 1.0); }
"""

SHADOW_FRAGMENT = """
#version 330
void main() {}
"""
